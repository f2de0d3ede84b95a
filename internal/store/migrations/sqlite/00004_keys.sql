-- +goose Up
ALTER TABLE api_keys ADD COLUMN env TEXT NOT NULL DEFAULT 'live';
ALTER TABLE api_keys ADD COLUMN prefix TEXT NOT NULL DEFAULT 'cw_sk_live_';
ALTER TABLE api_keys ADD COLUMN previous_hash TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN grace_ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX api_keys_previous ON api_keys (previous_hash);

CREATE TABLE publishable_keys (
  organization_id               TEXT    NOT NULL,
  agent_id                      TEXT    NOT NULL,
  id                            TEXT    NOT NULL,
  name                          TEXT    NOT NULL,
  env                           TEXT    NOT NULL,
  key_public                    TEXT    NOT NULL UNIQUE,
  previous_key                  TEXT,
  allowed_origins               TEXT    NOT NULL,
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
