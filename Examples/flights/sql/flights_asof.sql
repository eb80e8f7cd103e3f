-- One row for each flight, with what a caller knows two hours before the scheduled departure, and the label.
-- A flight without an outcome (cancelled or diverted) keeps its row; its label is null.
select
  flight_id,
  scheduled_at - interval 2 hours as predicted_at,
  scheduled_at,
  carrier,
  origin,
  dest,
  tailnum,
  distance,
  block_minutes,
  hour as departure_hour,
  case when arr_delay > 15 then 1 when arr_delay is not null then 0 end as arrived_late
from ${data.flights}
where scheduled_at >= ${now} - to_days(${params.train_days}) and known_at <= ${now}
