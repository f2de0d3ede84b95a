-- +goose Up
-- Numbers that want no text messages. They are kept in clear: a hash of a telephone number
-- hides nothing, since all numbers can be tried, and whoever is asked must be able to show
-- which numbers are left alone.
CREATE TABLE sms_opt_outs (
  organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT NOT NULL,
  number          TEXT NOT NULL,
  doc             TEXT NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, number)
);

-- What was sent to a number in the last day, for its limits.
CREATE TABLE sms_sent (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  number          TEXT   NOT NULL,
  sent            TEXT   NOT NULL,
  last_at         BIGINT NOT NULL,
  PRIMARY KEY (organization_id, number)
);

-- What the provider of text messages said of the one that a run sent.
ALTER TABLE runs ADD COLUMN delivery TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE runs DROP COLUMN delivery;
DROP TABLE sms_sent;
DROP TABLE sms_opt_outs;
