-- What a call met before it was sent. NULL in rows from before these columns.
ALTER TABLE calls ADD COLUMN estimated_input_tokens BIGINT;
ALTER TABLE calls ADD COLUMN estimated_output_tokens BIGINT;
ALTER TABLE calls ADD COLUMN estimate_percent BIGINT;
ALTER TABLE calls ADD COLUMN reserved DECIMAL(18, 12);
ALTER TABLE calls ADD COLUMN checked VARCHAR; -- JSON: [[rule, name, measure, taken, held, asked, most], …]
ALTER TABLE calls ADD COLUMN blocked_by VARCHAR;
ALTER TABLE calls ADD COLUMN priority VARCHAR;
ALTER TABLE calls ADD COLUMN queued_us BIGINT;
ALTER TABLE calls ADD COLUMN stepped_down VARCHAR;
ALTER TABLE calls ADD COLUMN request_shape VARCHAR; -- JSON
ALTER TABLE calls ADD COLUMN estimated_others BIGINT; -- parts of the request that are no text
-- Where a row's line begins in its segment: tells what was counted at a position in the journal. NULL in older rows.
ALTER TABLE calls ADD COLUMN segment_offset BIGINT;
ALTER TABLE attempts ADD COLUMN segment_offset BIGINT;
