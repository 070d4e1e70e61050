-- What a call asked for and its provider was not told (`drop_params`). NULL in rows from before this column.
ALTER TABLE calls ADD COLUMN dropped_params VARCHAR[];
