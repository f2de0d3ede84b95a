-- +goose Up
-- What an organization's conversations took of the models of providers, by day of UTC.
CREATE TABLE model_use (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  day             TEXT COLLATE "C" NOT NULL,
  tokens          BIGINT NOT NULL,
  dollars         DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (organization_id, day)
);

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE model_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_use FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON model_use USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));

-- +goose Down
DROP TABLE model_use;
