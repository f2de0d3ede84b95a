-- +goose Up
CREATE TABLE connections (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT NOT NULL,
  name            TEXT NOT NULL,
  doc             TEXT NOT NULL,
  sealed          TEXT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, name)
);

-- +goose Down
DROP TABLE connections;
