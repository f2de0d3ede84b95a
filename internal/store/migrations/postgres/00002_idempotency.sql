-- +goose Up
CREATE TABLE idempotency (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  client_key      TEXT COLLATE "C" NOT NULL,
  fingerprint     TEXT COLLATE "C" NOT NULL,
  status          BIGINT NOT NULL,
  body            TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, client_key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON idempotency USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_select ON idempotency FOR SELECT USING (current_setting('app.server', true) = 'on');
CREATE POLICY server_delete ON idempotency FOR DELETE USING (current_setting('app.server', true) = 'on');

-- +goose Down
DROP TABLE idempotency;
