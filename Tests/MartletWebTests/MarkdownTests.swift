import Testing

@testable import MartletWeb

@Suite("Markdown")
struct MarkdownTests {
  @Test(
    "Signs stand for code, emphasis and links where something ends them on the same line, else for themselves",
    arguments: [
      ("a `b*c*` d", "a <code>b*c*</code> d"), ("*a* and **b**", "<em>a</em> and <strong>b</strong>"),
      ("***a***", "<strong>*a</strong>*"), ("* a* ** b**", "* a* ** b**"), ("a * b", "a * b"), ("**", "**"),
      ("****", "****"), ("``", "``"), ("`a\nb`", "`a\nb`"), ("*a\nb*", "*a\nb*"),
      ("*é*`ü`", "<em>é</em><code>ü</code>"),
      ("[a](ftp://b)", "[a](ftp://b)"), ("[a](https://b c)", "[a](https://b c)"), ("[](https://b)", "[](https://b)"),
      ("[a](https://b", "[a](https://b"), ("[a]\n(https://b)", "[a]\n(https://b)"), ("[[[", "[[["),
      ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;"),
      ("[x [a](b) *c* `d` )", "[x [a](b) <em>c</em> <code>d</code> )"),
    ])
  func inline(text: String, html: String) { #expect(InlineMarkdown.html(text) == html) }

  @Test("A link leads to a web address, whatever the scheme's case, and says nothing of where it was")
  func links() {
    #expect(
      InlineMarkdown.html("[a](HTTPS://b) c [d](http://e?f&g)")
        == #"<a href="HTTPS://b" rel="noopener noreferrer nofollow">a</a> c "#
        + #"<a href="http://e?f&amp;g" rel="noopener noreferrer nofollow">d</a>"#)
  }

  /// After cmark's `pathological_tests.py`.
  @Test(
    "256 KiB made to take long take none",
    arguments: [
      "*a", "*a ", "**a", "*a **a ", "a* ", "a** ", "*a_ ", "**x [a*b**c*](d)", "_", "[", "]", "[a](b", "[a](https://b",
      "[a](https://b c", "![[]()", "[x](https://", "`", "`a", "``` ", "```\n", "~~~\nx", ">", "> ", "> a\n", "# \r\n> ",
      "- a\n", "- ", "  - a\n", "1. ", "1. a\n", "1", "#", "# ", "#\n", "\\", "&", "<", "\n", " ", " \n", "\r", "***\n",
      "*",
      "-", "é", "e\u{301}*", "👩‍👩‍👧‍👦`",
    ])
  func pathological(part: String) {
    let text = String(repeating: part, count: (256 << 10) / part.utf8.count)
    for end in ["", "*`](https://x) )"] { takesLittle(text + end) }
  }

  @Test("Neither do code spans each of another length, nor one sign behind everything")
  func growing() {
    takesLittle((1...700).map { "e" + String(repeating: "`", count: $0) }.joined())
    takesLittle((1...500).map { String(repeating: " ", count: $0) + "* a\n" }.joined())
    for sign in ["*", "**", "`", "](", ")"] {
      takesLittle(String(repeating: "[a](https://b", count: 20_000) + sign)
    }
  }

  /// What looks at each sign's rest takes minutes for these.
  private func takesLittle(_ text: String) {
    let begin = ContinuousClock.now
    #expect(!Markdown.html(text).isEmpty || text.allSatisfy(\.isWhitespace))
    let taken = ContinuousClock.now - begin
    #expect(taken < .seconds(5), "\(taken) for \(text.prefix(20))…")
  }
}
