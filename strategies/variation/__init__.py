"""Which other graphs is a strategy a few changes away from?"""
