-- +goose Up
-- The last runs of a skill that came to their end, for how long they take.
CREATE INDEX runs_latency ON runs (organization_id, skill_id, id, took_ms) WHERE state = 'done';
DROP INDEX runs_agent;

-- +goose Down
CREATE INDEX runs_agent ON runs (organization_id, agent_id, id);
DROP INDEX runs_latency;
