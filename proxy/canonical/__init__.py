"""What every dialect can say, in one form: requests, replies and the events of a stream.

A dialect reads its own format into this form and writes this form as its own format; no dialect knows another.
Calls whose two sides speak the same dialect never come through here.
"""
