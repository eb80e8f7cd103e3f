import MartletCore
import MartletModels
import Testing

@Suite("Signatures and rows")
struct ModelSignatureTests {
  private let fields = [
    ModelField("distance", .double), ModelField("seats", .long, required: false), ModelField("carrier", .string),
    ModelField("at", .datetime, required: false), ModelField("weekend", .boolean, required: false),
  ]

  @Test("A column that is never empty in training is required")
  func inferred() throws {
    let frame = try Frame([
      .init("a", .double([1, .nan])), .init("b", .text(["x", "y"])), .init("n", .integer([1, nil])),
      .init("t", .time([0, 1])),
    ])
    let signature = try ModelSignature(inferredFrom: frame, columns: ["b", "a", "n", "t"])
    #expect(
      signature.inputs == [
        ModelField("b", .string), ModelField("a", .double, required: false), ModelField("n", .long, required: false),
        ModelField("t", .datetime),
      ])
    #expect(signature.outputs == [ModelField("prediction", .double)])
    #expect(throws: MartletError.self) { try ModelSignature(inferredFrom: frame, columns: ["c"]) }
    let reread: ModelSignature = try JSON(encoding: signature).decode()
    #expect(reread == signature)
  }

  @Test("JSON rows are read as the fields' types: absent is missing, whole numbers serve as doubles")
  func rows() throws {
    let frame = try Frame(
      rows: [
        ["carrier": "UA", "distance": 7, "extra": [1], "at": "2013-02-09T05:00:00Z"],
        ["weekend": true, "distance": 1.5, "carrier": nil, "seats": 12],
      ], fields: fields)
    #expect(try frame.numbers("distance") == [7, 1.5])
    #expect(try frame.texts("carrier") == ["UA", nil])
    #expect(frame["at"] == .time([1_360_386_000_000, nil]))
    let seats = try frame.numbers("seats")
    #expect(seats[0].isNaN && seats[1] == 12)
    #expect(try frame.numbers("weekend")[1] == 1)
  }

  static let misfits: [(String, String)] = [
    (#"{"distance": "far"}"#, "distance"), (#"{"carrier": 5}"#, "carrier"), (#"{"at": "noon"}"#, "at"),
    (#"{"at": 7}"#, "at"), (#"{"weekend": "no"}"#, "weekend"), (#"{"seats": [1]}"#, "seats"),
  ]

  @Test("A value of the wrong type is refused by the column's name", arguments: misfits)
  func refused(row: String, expected: String) throws {
    let members = try JSON.parse(row).object ?? [:]
    let error = try #require(throws: MartletError.self) { try Frame(rows: [members], fields: fields) }
    #expect(error.code == .invalidInput && error.message.contains("'\(expected)'"))
  }
}
