package org.peaks.embedded.template;

import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A list as mustache sees it in Elasticsearch: something to iterate over, and at once a map with
 * the keys {@code 0}, {@code 1}, … and {@code size}.
 */
final class ListView extends AbstractMap<Object, Object> implements Iterable<Object> {

  private final List<Object> items;

  ListView(Collection<?> items) {
    this.items = new ArrayList<>(items);
  }

  /**
   * @throws IndexOutOfBoundsException for a number outside the list, as in Elasticsearch
   */
  @Override
  public Object get(Object key) {
    if ("size".equals(key)) {
      return items.size();
    }
    try {
      return items.get(Integer.parseInt(key.toString()));
    } catch (NumberFormatException notAnIndex) {
      return null;
    }
  }

  @Override
  public boolean containsKey(Object key) {
    return get(key) != null;
  }

  @Override
  public Set<Entry<Object, Object>> entrySet() {
    Map<Object, Object> entries = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      entries.put(i, items.get(i));
    }
    return entries.entrySet();
  }

  @Override
  public Iterator<Object> iterator() {
    return items.iterator();
  }
}
