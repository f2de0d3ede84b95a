-- +goose Up
-- Numbers that want no text messages. They are kept in clear: a hash of a telephone number
-- hides nothing, since all numbers can be tried, and whoever is asked must be able to show
-- which numbers are left alone.
CREATE TABLE sms_opt_outs (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  id              TEXT COLLATE "C" NOT NULL,
  number          TEXT COLLATE "C" NOT NULL,
  doc             TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, number)
);

-- What was sent to a number in the last day, for its limits.
CREATE TABLE sms_sent (
  organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  number          TEXT COLLATE "C" NOT NULL,
  sent            TEXT COLLATE "C" NOT NULL,
  last_at         BIGINT NOT NULL,
  PRIMARY KEY (organization_id, number)
);

-- What the provider of text messages said of the one that a run sent.
ALTER TABLE runs ADD COLUMN delivery TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Row-level security: see docs/decisions/008-row-level-security.md.
ALTER TABLE sms_opt_outs ENABLE ROW LEVEL SECURITY;
ALTER TABLE sms_opt_outs FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON sms_opt_outs USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
ALTER TABLE sms_sent ENABLE ROW LEVEL SECURITY;
ALTER TABLE sms_sent FORCE ROW LEVEL SECURITY;
CREATE POLICY organization ON sms_sent USING (organization_id = NULLIF(current_setting('app.current_organization_id', true), ''));
CREATE POLICY server_select ON sms_sent FOR SELECT USING (current_setting('app.server', true) = 'on');
CREATE POLICY server_delete ON sms_sent FOR DELETE USING (current_setting('app.server', true) = 'on');

-- +goose Down
ALTER TABLE runs DROP COLUMN delivery;
DROP TABLE sms_sent;
DROP TABLE sms_opt_outs;
