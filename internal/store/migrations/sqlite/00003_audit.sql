-- +goose Up
CREATE TABLE audit_events (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT NOT NULL,
  resource        TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX audit_resource ON audit_events (organization_id, resource, id);

-- +goose Down
DROP TABLE audit_events;
