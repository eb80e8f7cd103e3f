import MartletCore

/// The shape of a JSON value: checked on the way in, and written into the OpenAPI document from the same place.
package indirect enum APISchema: Sendable {
  case any
  case boolean
  case string(description: String? = nil, oneOf: [String]? = nil, format: String? = nil)
  case integer(minimum: Int64? = nil, maximum: Int64? = nil)
  /// A number; infinities and NaN are the strings "Infinity", "-Infinity" and "NaN".
  case number
  case array(APISchema)
  /// Members with these names; `required` ones must be there, others than these are refused unless `open`.
  case object([String: APISchema], required: [String] = [], open: Bool = false)
  /// Any names, all values of one shape.
  case map(APISchema)
  case nullable(APISchema)
  /// A shape that stands under its own name in the document's components.
  case named(String, APISchema)

  package static let text = APISchema.string()
  package static let count = APISchema.integer(minimum: 0)
  /// ISO 8601 in UTC.
  package static let time = APISchema.string(format: "date-time")

  /// A list of items and the token that fetches the next page.
  package static func page(of item: APISchema) -> APISchema {
    .object(["items": .array(item), "next_token": .string()], required: ["items"])
  }
}

extension APISchema {
  /// JSON Schema 2020-12; named shapes are collected into `components` and referred to.
  func document(_ components: inout [String: JSON]) -> JSON {
    switch self {
    case .any: return [:]
    case .boolean: return ["type": "boolean"]
    case .string(let description, let values, let format):
      var schema: [String: JSON] = ["type": "string"]
      schema["description"] = description.map(JSON.string)
      schema["enum"] = values.map { .array($0.map(JSON.string)) }
      schema["format"] = format.map(JSON.string)
      return .object(schema)
    case .integer(let minimum, let maximum):
      var schema: [String: JSON] = ["type": "integer", "format": "int64"]
      schema["minimum"] = minimum.map(JSON.integer)
      schema["maximum"] = maximum.map(JSON.integer)
      return .object(schema)
    case .number:
      return ["oneOf": [["type": "number"], ["type": "string", "enum": ["Infinity", "-Infinity", "NaN"]]]]
    case .array(let element): return ["type": "array", "items": element.document(&components)]
    case .object(let members, let required, let open):
      var properties: [String: JSON] = [:]
      for (name, member) in members { properties[name] = member.document(&components) }
      var schema: [String: JSON] = ["type": "object", "properties": .object(properties)]
      if !required.isEmpty { schema["required"] = .array(required.map(JSON.string)) }
      if !open { schema["additionalProperties"] = false }
      return .object(schema)
    case .map(let value): return ["type": "object", "additionalProperties": value.document(&components)]
    case .nullable(let schema): return ["oneOf": [schema.document(&components), ["type": "null"]]]
    case .named(let name, let schema):
      if components[name] == nil {
        components[name] = [:]
        components[name] = schema.document(&components)
      }
      return ["$ref": .string("#/components/schemas/\(name)")]
    }
  }
}
