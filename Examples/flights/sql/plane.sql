-- The aircraft, from the register.
select tailnum, year as plane_built, seats as plane_seats, engines as plane_engines
from planes
