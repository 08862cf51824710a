"""Couriers that the shop of the tests sends its parcels by."""
