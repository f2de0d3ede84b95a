-- +goose Up
CREATE TABLE organizations (
  id         TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL UNIQUE,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  hash            TEXT   NOT NULL UNIQUE,
  scopes          TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE agents (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT   NOT NULL,
  doc             TEXT   NOT NULL,
  deleted_at      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE skills (
  organization_id TEXT NOT NULL,
  agent_id        TEXT NOT NULL,
  id              TEXT NOT NULL,
  name_key        TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, agent_id, name_key),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE versions (
  organization_id TEXT    NOT NULL,
  agent_id        TEXT    NOT NULL,
  id              TEXT    NOT NULL,
  version         BIGINT  NOT NULL,
  doc             TEXT    NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, agent_id, version),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE secrets (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  sealed          TEXT   NOT NULL,
  allowed_hosts   TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, name)
);

CREATE TABLE conversations (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT NOT NULL,
  agent_id        TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

CREATE TABLE events (
  organization_id TEXT   NOT NULL,
  conversation_id TEXT   NOT NULL,
  seq             BIGINT NOT NULL,
  id              TEXT   NOT NULL,
  ts_ms           BIGINT NOT NULL,
  channel         TEXT   NOT NULL,
  event_type      TEXT   NOT NULL,
  payload         TEXT   NOT NULL,
  trace_id        TEXT   NOT NULL,
  PRIMARY KEY (organization_id, conversation_id, seq),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE turns (
  organization_id TEXT   NOT NULL,
  conversation_id TEXT   NOT NULL,
  turn            BIGINT NOT NULL,
  state           TEXT   NOT NULL,
  request_hash    TEXT   NOT NULL,
  idempotency_key TEXT   NOT NULL,
  started_at      BIGINT NOT NULL,
  finished_at     BIGINT NOT NULL,
  PRIMARY KEY (organization_id, conversation_id, turn),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX turns_request ON turns (organization_id, request_hash);
CREATE INDEX turns_key ON turns (organization_id, idempotency_key) WHERE idempotency_key <> '';

CREATE TABLE transcripts (
  organization_id TEXT   NOT NULL,
  hash            TEXT   NOT NULL,
  conversation_id TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, hash, conversation_id),
  FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE runs (
  organization_id TEXT    NOT NULL,
  id              TEXT    NOT NULL,
  conversation_id TEXT    NOT NULL,
  agent_id        TEXT    NOT NULL,
  skill_id        TEXT    NOT NULL,
  version_id      TEXT    NOT NULL,
  turn            BIGINT  NOT NULL,
  idempotency_key TEXT    NOT NULL,
  is_write        BOOLEAN NOT NULL,
  state           TEXT    NOT NULL,
  code            TEXT    NOT NULL,
  answer          TEXT    NOT NULL,
  started_at      BIGINT  NOT NULL,
  took_ms         DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, idempotency_key)
);
CREATE INDEX runs_turn ON runs (organization_id, conversation_id, turn);
CREATE INDEX runs_agent ON runs (organization_id, agent_id, id);
CREATE INDEX runs_running ON runs (state) WHERE state = 'running';

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
