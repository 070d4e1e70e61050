-- Where a call could have gone, and what the cache saved. NULL in rows from before these columns.
ALTER TABLE calls ADD COLUMN routed_by VARCHAR;
ALTER TABLE calls ADD COLUMN passed_over VARCHAR; -- JSON: [[provider/model, reason], …]
ALTER TABLE calls ADD COLUMN retries BIGINT;
ALTER TABLE calls ADD COLUMN degraded VARCHAR;
ALTER TABLE calls ADD COLUMN data_class VARCHAR;
ALTER TABLE calls ADD COLUMN region VARCHAR;
ALTER TABLE calls ADD COLUMN avoided DECIMAL(18, 12);
