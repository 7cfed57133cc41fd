"""Which market data do we have, where did it come from, and can it be trusted?"""
