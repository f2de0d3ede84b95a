-- +goose Up
-- What an organization's conversations took of the models of providers, by day of UTC.
CREATE TABLE model_use (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  day             TEXT   NOT NULL,
  tokens          BIGINT NOT NULL,
  dollars         DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (organization_id, day)
);

-- +goose Down
DROP TABLE model_use;
