import MartletCore
import Testing

@testable import MartletServer

@Suite("The shape of a body is checked before a route sees it")
struct APISchemaTests {
  private static let person = APISchema.object(
    ["name": .text, "age": .integer(minimum: 0, maximum: 150), "tags": .array(.text), "score": .number],
    required: ["name"])

  @Test("What fits passes", arguments: [#"{"name":"a"}"#, #"{"name":"a","age":3,"tags":["x"],"score":"Infinity"}"#])
  func fits(text: String) throws { try Self.person.check(JSON.parse(text)) }

  @Test(
    "What does not fit is refused and the message names the member",
    arguments: [
      (#"{}"#, "the body lacks the member 'name'"), (#"[]"#, "the body is a list where an object is expected"),
      (#"{"name":1}"#, "'name' is a number where text is expected"),
      (#"{"name":"a","age":1.5}"#, "'age' is a number where a whole number is expected"),
      (#"{"name":"a","age":151}"#, "'age' is 151, outside 0…150"),
      (#"{"name":"a","tags":["x",null]}"#, "'tags[1]' is null where text is expected"),
      (#"{"name":"a","agee":1}"#, "the body has an unknown member 'agee': did you mean 'age'?"),
      (#"{"name":"a","score":"big"}"#, "'score' is text where a number is expected"),
    ])
  func refused(text: String, message: String) throws {
    let error = #expect(throws: MartletError.self) { try Self.person.check(JSON.parse(text)) }
    #expect(error?.message == message)
    #expect(error?.code == .invalidInput)
  }

  @Test("Named shapes stand once in the components and are referred to")
  func components() {
    var components: [String: JSON] = [:]
    let named = APISchema.named("Person", Self.person)
    #expect(
      APISchema.page(of: named).document(&components)["properties"]?["items"]?["items"]?["$ref"]
        == "#/components/schemas/Person")
    #expect(components["Person"]?["required"] == ["name"])
  }
}
