-- The last hourly observation at each airport, and what the hours before it were like.
select
  origin,
  observed_at,
  temp,
  dewp,
  humid,
  wind_speed,
  wind_gust,
  precip,
  pressure,
  visib,
  round(temp - dewp, 2) as dew_point_spread,
  case when visib < 3 then 1 else 0 end as low_visibility,
  round(sum(precip) over recent, 2) as precip_3h,
  min(visib) over recent as visib_3h,
  round(pressure - first_value(pressure) over recent, 1) as pressure_change_3h
from weather
window recent as (
  partition by origin order by observed_at range between interval 3 hours preceding and current row)
