-- How flights from each airport have been doing: those whose fate became known in the last hours.
select
  origin,
  known_at,
  avg(dep_delay) over last_hour as origin_recent_delay,
  avg(dep_delay) over last_three as origin_delay_3h,
  avg(dep_delay) over last_six as origin_delay_6h,
  avg(case when arr_delay > 15 then 1.0 when arr_delay is not null then 0.0 end) over last_hour as origin_late_share_1h,
  avg(case when arr_delay > 15 then 1.0 when arr_delay is not null then 0.0 end) over last_three as origin_late_share_3h,
  avg(case when arr_delay > 15 then 1.0 when arr_delay is not null then 0.0 end) over last_six as origin_late_share_6h,
  avg(case when dep_delay is null then 1.0 else 0.0 end) over last_six as origin_cancelled_share_6h,
  count(*) over last_three as origin_flights_3h
from flights
window
  last_hour as (partition by origin order by known_at range between interval 1 hour preceding and current row),
  last_three as (partition by origin order by known_at range between interval 3 hours preceding and current row),
  last_six as (partition by origin order by known_at range between interval 6 hours preceding and current row)
