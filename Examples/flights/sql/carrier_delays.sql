-- How each carrier's flights have been doing, from any of the three airports.
select
  carrier,
  known_at,
  avg(dep_delay) over last_three as carrier_delay_3h,
  avg(dep_delay) over last_six as carrier_delay_6h,
  avg(case when arr_delay > 15 then 1.0 when arr_delay is not null then 0.0 end) over last_six as carrier_late_share_6h,
  avg(case when dep_delay is null then 1.0 else 0.0 end) over last_six as carrier_cancelled_share_6h
from flights
window
  last_three as (partition by carrier order by known_at range between interval 3 hours preceding and current row),
  last_six as (partition by carrier order by known_at range between interval 6 hours preceding and current row)
