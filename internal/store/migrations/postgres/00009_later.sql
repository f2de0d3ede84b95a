-- +goose Up
-- A run whose system asked to come back later waits for its next attempt.
ALTER TABLE runs ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE runs DROP COLUMN attempts;
ALTER TABLE runs DROP COLUMN next_at;
