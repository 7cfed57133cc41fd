"""How do rows trade that share their signals and differ in their exits? By looking exits up.

Where an exit comes hangs on the signal and the exit's level, not on the account: each is searched
for once for all rows (`passages`), and what a position's bars come to is kept as sums (`holdings`).
Then all rows go from trade to trade, many at a time (`side_by_side`), with the kernel's own bodies
of money (`lanes`).
"""
