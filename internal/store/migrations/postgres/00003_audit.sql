-- +goose Up
CREATE TABLE audit_events (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  resource        TEXT COLLATE "C" NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX audit_resource ON audit_events (organization_id, resource, id);

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON audit_events USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));

-- +goose Down
DROP TABLE audit_events;
