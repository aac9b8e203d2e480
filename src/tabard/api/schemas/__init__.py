"""What goes over the wire: what may be sent, and what is answered. Sizes carry units; times carry a zone.

An answer is filled from models, once, by the operation's `answers`; a schema with resolvers is never made by hand,
because ninja runs the resolvers again on what they made.
"""
