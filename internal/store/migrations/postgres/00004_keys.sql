-- +goose Up
ALTER TABLE api_keys ADD COLUMN env TEXT COLLATE "C" NOT NULL DEFAULT 'live';
ALTER TABLE api_keys ADD COLUMN prefix TEXT COLLATE "C" NOT NULL DEFAULT 'cw_sk_live_';
ALTER TABLE api_keys ADD COLUMN previous_hash TEXT COLLATE "C";
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN grace_ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX api_keys_previous ON api_keys (previous_hash);

CREATE TABLE publishable_keys (
  organization_id               TEXT COLLATE "C" NOT NULL,
  agent_id                      TEXT COLLATE "C" NOT NULL,
  id                            TEXT COLLATE "C" NOT NULL,
  name                          TEXT COLLATE "C" NOT NULL,
  env                           TEXT COLLATE "C" NOT NULL,
  key_public                    TEXT COLLATE "C" NOT NULL UNIQUE,
  previous_key                  TEXT COLLATE "C",
  allowed_origins               TEXT COLLATE "C" NOT NULL,
  rate_limit_rpm                BIGINT  NOT NULL,
  require_identity_verification BOOLEAN NOT NULL,
  last_used_at                  BIGINT  NOT NULL DEFAULT 0,
  grace_ends_at                 BIGINT  NOT NULL DEFAULT 0,
  revoked_at                    BIGINT  NOT NULL DEFAULT 0,
  created_at                    BIGINT  NOT NULL,
  PRIMARY KEY (organization_id, id),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX publishable_keys_previous ON publishable_keys (previous_key);
CREATE INDEX publishable_keys_agent ON publishable_keys (organization_id, agent_id, id);

ALTER TABLE agents ADD COLUMN widget TEXT NOT NULL DEFAULT '{"theme":{},"copy":{},"behavior":{}}';

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE publishable_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE publishable_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON publishable_keys USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_select ON publishable_keys FOR SELECT USING (current_setting('app.server', true) = 'on');

-- +goose Down
ALTER TABLE agents DROP COLUMN widget;
DROP TABLE publishable_keys;
DROP INDEX api_keys_previous;
ALTER TABLE api_keys DROP COLUMN env;
ALTER TABLE api_keys DROP COLUMN prefix;
ALTER TABLE api_keys DROP COLUMN previous_hash;
ALTER TABLE api_keys DROP COLUMN last_used_at;
ALTER TABLE api_keys DROP COLUMN expires_at;
ALTER TABLE api_keys DROP COLUMN grace_ends_at;
ALTER TABLE api_keys DROP COLUMN revoked_at;
