package org.peaks.embedded.guests;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageFilterTest {

  private static String refusal(String header, String value) {
    return PageFilter.refusal(Map.of(header, value)::get);
  }

  @Test
  void noHeaderIsNoPage() {
    assertNull(PageFilter.refusal(Map.<String, String>of()::get));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "localhost:9200",
        "a.localhost:80",
        "127.0.0.1:9200",
        "127.0.0.1",
        "[::1]:9200",
        "[::1]"
      })
  void thisMachineIsTaken(String host) {
    assertNull(refusal("Host", host));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example:9200",
        "localhost.evil.example",
        "127.0.0.1.evil.example:9200",
        "1.2.3.4x",
        ":9200",
        ""
      })
  void namesAreNot(String host) {
    assertNotNull(refusal("Host", host));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site", "anything"})
  void otherSitesAreNot(String site) {
    assertNotNull(refusal("Sec-Fetch-Site", site));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "same-origin"})
  void theUserIsTaken(String site) {
    assertNull(refusal("Sec-Fetch-Site", site));
  }
}
