import MartletCore
import MartletStatistics
import Testing

@testable import MartletData

@Suite("Dataset definitions")
struct DatasetDefinitionTests {
  private func decode(_ json: String) throws -> DatasetDefinition { try JSON.parse(json).decode() }

  @Test("The flights of the example are understood, and survive being written and read again")
  func example() throws {
    let definition = try decode(
      """
      {"source": "data/{partition}.csv", "key": ["flight_id"], "partition": {"by": "day", "column": "flight_date", "late": "3d"},
       "time": "known_at", "schema": "inferred",
       "card": {"owner": "data-team@example.com", "sensitivity": "none"},
       "expect": [{"rows": {"min": 300}}, {"name": "no-loops", "sql": "select * from this where origin = dest", "max_rows": 0},
                  {"freshness": "26h", "severity": "warn"}, {"sql": "select count(*) from this", "equals": 0},
                  {"unique": ["a", "b"]}, {"set": {"column": "c", "values": [1, "x", true]}},
                  {"foreign_key": {"column": "origin", "references": "airports.faa"}},
                  {"null_rate": {"column": "c", "max": "10%"}}, {"range": {"column": "d", "min": "2013-01-01"}},
                  {"regex": {"column": "c", "pattern": "[A-Z]+"}}],
       "control": [{"stat": "rows", "chart": "individuals", "stratum": "weekday", "rules": "western-electric", "severity": "warn"},
                   {"stat": "null_rate(arr_delay)", "chart": "laney-p"}, {"stat": "mean(distance)", "severity": "error", "allow": "10%"}]}
      """)
    #expect(definition.expect.count == 10)
    #expect(definition.expect[0].check == .rows(min: 300, max: nil))
    #expect(definition.expect[6].check == .foreignKey(column: "origin", dataset: "airports", references: "faa"))
    #expect(definition.expect[7].check == .nullRate(column: "c", max: 0.1))
    #expect(definition.control[1].chart == .laneyP)
    #expect(definition.control[2].stat == ControlStat(.mean, "distance"))
    #expect(definition.control[2].allow?.fraction == 0.1)
    #expect(definition.partition?.late?.duration == .seconds(3 * 86_400))
    #expect(try JSON(encoding: definition).decode(DatasetDefinition.self) == definition)
  }

  @Test("Declared columns are types or mappings, and keep what they demand")
  func declared() throws {
    let definition = try decode(
      """
      {"schema": {"flight_id": {"type": "string", "unique": true, "required": true}, "flight_date": "date",
        "distance": {"type": "float", "min": 30, "max": 9000}, "carrier": {"type": "string", "in": "ref/carriers.csv"}}}
      """)
    #expect(throws: MartletError.self) { try definition.schema.declared() }
    let resolved = try definition.resolvingFiles { path in
      #expect(path == "ref/carriers.csv")
      return "carrier,name\n9E,Endeavor\n\"AA\",American\n"
    }
    let columns = DataSchema(try resolved.schema.declared())
    #expect(columns["carrier"]?.allowed == ["9E", "AA"])
    #expect(columns["distance"] == SchemaColumn("distance", .float, min: 30, max: 9000))
    #expect(columns["flight_date"]?.type == .date)
  }

  @Test(
    "What is not understood is refused with a suggestion",
    arguments: [
      (#"{"partitions": {}}"#, "did you mean 'partition'"),
      (#"{"schema": {"a": "integr"}}"#, "did you mean 'integer'"),
      (#"{"control": [{"stat": "men(distance)"}]}"#, "did you mean 'mean'"),
      (#"{"control": [{"stat": "mean"}]}"#, "mean"),
      (#"{"control": [{"stat": "mean(x)", "chart": "laney-p"}]}"#, "cannot follow"),
      (#"{"control": [{"stat": "rows", "chart": "individual"}]}"#, "did you mean 'individuals'"),
      (#"{"expect": [{"severity": "warn"}]}"#, "checks nothing"),
      (#"{"expect": [{"rows": {"min": 1}, "unique": ["a"]}]}"#, "rows and unique"),
      (#"{"expect": [{"rows": {"mina": 1}}]}"#, "did you mean 'min'"),
      (#"{"expect": [{"freshness": "26 hours"}]}"#, "not a duration"),
      (#"{"partition": {"by": "dayy", "column": "d"}}"#, "did you mean 'day'"),
    ])
  func refused(json: String, message: String) throws {
    let error = #expect(throws: MartletError.self) { try decode(json) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }
}
