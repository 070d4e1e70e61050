-- Where a call could have gone, and what the cache saved. NULL in rows from before these columns.
ALTER TABLE calls ADD COLUMN routed_by VARCHAR;
ALTER TABLE calls ADD COLUMN passed_over VARCHAR; -- JSON: [[provider/model, reason], …]
ALTER TABLE calls ADD COLUMN retries BIGINT;
ALTER TABLE calls ADD COLUMN degraded VARCHAR;
ALTER TABLE calls ADD COLUMN data_class VARCHAR;
ALTER TABLE calls ADD COLUMN region VARCHAR;
ALTER TABLE calls ADD COLUMN avoided DECIMAL(18, 12);
ALTER TABLE calls ADD COLUMN answer_of VARCHAR; -- the call that bought the reply
ALTER TABLE calls ADD COLUMN cache_age_us BIGINT;
ALTER TABLE traffic_minute ADD COLUMN avoided DECIMAL(38, 12);
ALTER TABLE traffic_hour ADD COLUMN avoided DECIMAL(38, 12);
ALTER TABLE traffic_day ADD COLUMN avoided DECIMAL(38, 12);
ALTER TABLE calls ADD COLUMN deferred VARCHAR; -- batch, off_peak or standard
ALTER TABLE calls ADD COLUMN lost DECIMAL(18, 12); -- of the cost, what lost tries may have cost
ALTER TABLE calls ADD COLUMN waited_for VARCHAR; -- turn, limit, overload
