import MartletEngines
import Testing

@Suite("SQL text")
struct SQLTextTests {
  @Test("Quotes in names and texts are doubled, and nothing ends the literal early")
  func quoting() {
    #expect(SQLText.quote("a\"b") == "\"a\"\"b\"")
    #expect(SQLText.literal("it's") == "'it''s'")
    #expect(SQLText.literal("a\0b") == "'ab'")
    #expect(SQLText.list(["a", "b'"]) == "['a', 'b''']")
  }

  @Test("A text is split at the semicolons that separate statements, and at no others")
  func statements() {
    let text = "SELECT ';' AS \"a;b\"; -- one; two\n/* three; */ SELECT $$x;y$$ -- end;\n ;; "
    #expect(
      SQLText.statements(in: text) == [
        "SELECT ';' AS \"a;b\"", " -- one; two\n/* three; */ SELECT $$x;y$$",
      ])
    #expect(SQLText.statements(in: " -- nothing\n ; ").isEmpty)
    #expect(SQLText.statements(in: "SELECT 'unfinished") == ["SELECT 'unfinished"])
  }
}
