-- +goose Up
CREATE TABLE connections (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  doc             TEXT COLLATE "C" NOT NULL,
  sealed          TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, name)
);
-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON connections USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));

-- +goose Down
DROP TABLE connections;
