-- +goose Up
CREATE TABLE idempotency (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  client_key      TEXT   NOT NULL,
  fingerprint     TEXT   NOT NULL,
  status          BIGINT NOT NULL,
  body            TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, client_key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
