"""The rules: values in, values out; standard library only; no clock, database, network or log."""
