-- +goose Up
-- The same number as on SQLite, where a table changes its form; here it needs none.
SELECT 1;

-- +goose Down
SELECT 1;
