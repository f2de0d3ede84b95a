-- +goose Up
CREATE TABLE agent_rules (
  organization_id TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  kind            TEXT COLLATE "C" NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, agent_id, kind),
  FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE taken_messages (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  agent_id        TEXT COLLATE "C" NOT NULL,
  status          TEXT COLLATE "C" NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id)
);

ALTER TABLE conversations ADD COLUMN channel     TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN started_at  BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN updated_at  BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN outcome     TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN simulated   BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE conversations ADD COLUMN lease_owner TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN lease_until BIGINT  NOT NULL DEFAULT 0;
-- The owner of the tables is under row-level security too: it is lifted for the update.
ALTER TABLE conversations NO FORCE ROW LEVEL SECURITY;
UPDATE conversations SET channel = doc::json->>'channel',
  started_at = ROUND(EXTRACT(EPOCH FROM (doc::json->>'createdAt')::timestamptz) * 1000);
ALTER TABLE conversations FORCE ROW LEVEL SECURITY;
CREATE INDEX conversations_started ON conversations (organization_id, started_at);

ALTER TABLE runs ADD COLUMN fields      TEXT   NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN note        TEXT   NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN resolved_by TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN resolved_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_state ON runs (organization_id, state, id);
CREATE INDEX runs_queued ON runs (state) WHERE state = 'queued';

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE agent_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON agent_rules USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE taken_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE taken_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON taken_messages USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));

-- +goose Down
DROP INDEX runs_queued;
DROP INDEX runs_state;
ALTER TABLE runs DROP COLUMN resolved_at;
ALTER TABLE runs DROP COLUMN resolved_by;
ALTER TABLE runs DROP COLUMN note;
ALTER TABLE runs DROP COLUMN fields;
DROP INDEX conversations_started;
ALTER TABLE conversations DROP COLUMN lease_until;
ALTER TABLE conversations DROP COLUMN lease_owner;
ALTER TABLE conversations DROP COLUMN simulated;
ALTER TABLE conversations DROP COLUMN outcome;
ALTER TABLE conversations DROP COLUMN updated_at;
ALTER TABLE conversations DROP COLUMN started_at;
ALTER TABLE conversations DROP COLUMN channel;
DROP TABLE taken_messages;
DROP TABLE agent_rules;
