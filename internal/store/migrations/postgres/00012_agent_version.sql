-- +goose Up
-- What every change of an agent or one of its skills counts up: from here on these, not
-- the same members of the document, hold.
ALTER TABLE agents ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- The owner of the tables is under row-level security too: it is lifted for the update.
ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
UPDATE agents SET version = COALESCE((doc::json->>'version')::bigint, 0),
  updated_at = COALESCE(ROUND(EXTRACT(EPOCH FROM (doc::json->>'updatedAt')::timestamptz) * 1000), 0);
ALTER TABLE agents FORCE ROW LEVEL SECURITY;

-- +goose Down
ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
UPDATE agents SET doc = jsonb_set(jsonb_set(doc::jsonb, '{version}', to_jsonb(version)), '{updatedAt}',
  to_jsonb(to_char(to_timestamp(updated_at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text;
ALTER TABLE agents FORCE ROW LEVEL SECURITY;
ALTER TABLE agents DROP COLUMN version;
ALTER TABLE agents DROP COLUMN updated_at;
