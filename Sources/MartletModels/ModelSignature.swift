package import MartletCore

/// What a model takes and gives, in MLflow's terms.
package struct ModelSignature: Sendable, Hashable, Codable {
  package var inputs: [ModelField]
  package var outputs: [ModelField]

  package init(inputs: [ModelField], outputs: [ModelField] = [ModelField("prediction", .double)]) {
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// One column of a signature.
package struct ModelField: Sendable, Hashable, Codable {
  package var name: String
  package var type: FieldType
  /// Whether a request must carry the column; its value may still be null.
  package var required: Bool

  package init(_ name: String, _ type: FieldType, required: Bool = true) {
    self.name = name
    self.type = type
    self.required = required
  }
}

/// MLflow's column types that Martlet's models use.
package enum FieldType: String, Sendable, Hashable, Codable, CaseIterable {
  case double
  case long
  case boolean
  case string
  case datetime
}

extension ModelSignature {
  /// The signature of a table's columns. A column that is never empty here is required.
  package init(inferredFrom frame: Frame, columns: [String]) throws {
    inputs = try columns.map { name in
      switch try frame.column(name) {
      case .double(let values): ModelField(name, .double, required: !values.contains(where: \.isNaN))
      case .integer(let values): ModelField(name, .long, required: !values.contains(nil))
      case .boolean(let values): ModelField(name, .boolean, required: !values.contains(nil))
      case .text(let values): ModelField(name, .string, required: !values.contains(nil))
      case .time(let values): ModelField(name, .datetime, required: !values.contains(nil))
      }
    }
    outputs = [ModelField("prediction", .double)]
  }

  /// The columns as MLflow writes them inside `MLmodel`: a JSON list.
  static func mlflowJSON(_ fields: [ModelField]) -> JSON {
    .array(
      fields.map { field in
        ["name": .string(field.name), "type": .string(field.type.rawValue), "required": .boolean(field.required)]
      })
  }
}
