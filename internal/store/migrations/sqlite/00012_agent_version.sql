-- +goose Up
-- What every change of an agent or one of its skills counts up: from here on these, not
-- the same members of the document, hold.
ALTER TABLE agents ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE agents SET version = COALESCE(json_extract(doc, '$.version'), 0),
  updated_at = COALESCE(CAST(ROUND((julianday(json_extract(doc, '$.updatedAt')) - 2440587.5) * 86400000) AS INTEGER), 0);

-- +goose Down
UPDATE agents SET doc = json_set(doc, '$.version', version, '$.updatedAt', strftime('%Y-%m-%dT%H:%M:%fZ', updated_at / 1000.0, 'unixepoch'));
ALTER TABLE agents DROP COLUMN version;
ALTER TABLE agents DROP COLUMN updated_at;
