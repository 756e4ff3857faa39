package org.peaks.embedded.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileAddressTest {

  @Test
  void theWorldIsOneTile() {
    TileAddress world = new TileAddress(0, 0, 0);
    assertEquals(-180, world.box().getMinLon());
    assertEquals(180, world.box().getMaxLon());
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 0, 0, Invalid geotile_grid precision of -1. Must be between 0 and 29.",
    "30, 0, 0, Invalid geotile_grid precision of 30. Must be between 0 and 29.",
    "1, 2, 0, Zoom/X/Y combination is not valid: 1/2/0",
    "1, 0, -1, Zoom/X/Y combination is not valid: 1/0/-1"
  })
  void refusesWhatIsNoTile(int z, int x, int y, String sentence) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> new TileAddress(z, x, y));
    assertEquals(sentence, error.getMessage());
  }

  @Test
  void cellsAreNeverSmallerThanTheGridKnows() {
    assertEquals(12, new TileAddress(8, 0, 0).gridZoom(4));
    assertEquals(29, new TileAddress(28, 0, 0).gridZoom(8));
  }
}
