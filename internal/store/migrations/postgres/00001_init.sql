-- +goose Up
CREATE TABLE organizations (
  id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name       TEXT COLLATE "C" NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  hash            TEXT COLLATE "C" NOT NULL UNIQUE,
  scopes          TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE agents (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  doc             TEXT   NOT NULL,
  deleted_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE skills (
  organization_id TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  id              TEXT COLLATE "C" NOT NULL,
  name_key        TEXT COLLATE "C" NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, agent_id, name_key),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE versions (
  organization_id TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  id              TEXT COLLATE "C" NOT NULL,
  version         BIGINT  NOT NULL,
  doc             TEXT    NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, agent_id, version),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE secrets (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  name            TEXT COLLATE "C" NOT NULL,
  sealed          TEXT   NOT NULL,
  allowed_hosts   TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, name)
);

CREATE TABLE conversations (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE events (
  organization_id TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  seq             BIGINT NOT NULL,
  id              TEXT COLLATE "C" NOT NULL,
  ts_ms           BIGINT NOT NULL,
  channel         TEXT COLLATE "C" NOT NULL,
  event_type      TEXT COLLATE "C" NOT NULL,
  payload         TEXT   NOT NULL,
  trace_id        TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (organization_id, conversation_id, seq),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE turns (
  organization_id TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  turn            BIGINT NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  request_hash    TEXT COLLATE "C" NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  started_at      BIGINT NOT NULL,
  finished_at     BIGINT NOT NULL,
  PRIMARY KEY (organization_id, conversation_id, turn),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX turns_request ON turns (organization_id, request_hash);
CREATE INDEX turns_key ON turns (organization_id, idempotency_key) WHERE idempotency_key <> '';

CREATE TABLE transcripts (
  organization_id TEXT COLLATE "C" NOT NULL,
  hash            TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, hash, conversation_id),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE runs (
  organization_id TEXT COLLATE "C" NOT NULL,
  id              TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  skill_id        TEXT COLLATE "C" NOT NULL,
  version_id      TEXT COLLATE "C" NOT NULL,
  turn            BIGINT  NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  is_write        BOOLEAN NOT NULL,
  state           TEXT COLLATE "C" NOT NULL,
  code            TEXT COLLATE "C" NOT NULL,
  answer          TEXT    NOT NULL,
  started_at      BIGINT  NOT NULL,
  took_ms         DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, idempotency_key)
);
CREATE INDEX runs_turn ON runs (organization_id, conversation_id, turn);
CREATE INDEX runs_agent ON runs (organization_id, agent_id, id);
CREATE INDEX runs_running ON runs (state) WHERE state = 'running';

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON organizations USING (id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_all ON organizations FOR ALL USING (current_setting('app.server', true) = 'on');
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON api_keys USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_select ON api_keys FOR SELECT USING (current_setting('app.server', true) = 'on');
ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
ALTER TABLE agents FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON agents USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE skills ENABLE ROW LEVEL SECURITY;
ALTER TABLE skills FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON skills USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE versions FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON versions USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON secrets USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON conversations USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON events USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE turns FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON turns USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE transcripts ENABLE ROW LEVEL SECURITY;
ALTER TABLE transcripts FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON transcripts USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE runs FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON runs USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_select ON runs FOR SELECT USING (current_setting('app.server', true) = 'on');
CREATE POLICY server_update ON runs FOR UPDATE USING (current_setting('app.server', true) = 'on');

-- +goose Down
DROP TABLE runs;
DROP TABLE transcripts;
DROP TABLE turns;
DROP TABLE events;
DROP TABLE conversations;
DROP TABLE secrets;
DROP TABLE versions;
DROP TABLE skills;
DROP TABLE agents;
DROP TABLE api_keys;
DROP TABLE organizations;
