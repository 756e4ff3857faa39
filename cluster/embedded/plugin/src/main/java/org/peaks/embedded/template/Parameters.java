package org.peaks.embedded.template;

import com.github.mustachejava.Binding;
import com.github.mustachejava.Code;
import com.github.mustachejava.ObjectHandler;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.codes.ValueCode;
import com.github.mustachejava.reflect.GuardedBinding;
import com.github.mustachejava.reflect.MissingWrapper;
import com.github.mustachejava.reflect.ReflectionObjectHandler;
import com.github.mustachejava.util.Wrapper;
import java.lang.reflect.AccessibleObject;
import java.util.Collection;
import java.util.List;
import org.elasticsearch.common.util.CollectionUtils;

/**
 * Finds a template's names in its parameters: keys of maps and places in lists, never Java members.
 */
final class Parameters extends ReflectionObjectHandler {

  private final boolean detectMissing;

  Parameters(boolean detectMissing) {
    this.detectMissing = detectMissing;
  }

  @Override
  public Object coerce(Object value) {
    if (value instanceof Collection<?> collection) {
      return ListView.ofCollection(collection);
    }
    if (value != null && value.getClass().isArray()) {
      return ListView.ofArray(value);
    }
    return super.coerce(value);
  }

  /** No template reaches a method or a field of a Java object. */
  @Override
  @SuppressWarnings("rawtypes")
  protected AccessibleObject findMember(Class type, String name) {
    return null;
  }

  @Override
  public Binding createBinding(String name, TemplateContext context, Code code) {
    return detectMissing
        ? new StrictBinding(this, name, context, code)
        : super.createBinding(name, context, code);
  }

  @Override
  public String stringify(Object value) {
    CollectionUtils.ensureNoSelfReferences(value, "mustache parameter");
    return super.stringify(value);
  }

  private static final class StrictBinding extends GuardedBinding {
    private final Code code;

    StrictBinding(ObjectHandler handler, String name, TemplateContext context, Code code) {
      super(handler, name, context, code);
      this.code = code;
    }

    @Override
    protected synchronized Wrapper getWrapper(String name, List<Object> scopes) {
      Wrapper wrapper = super.getWrapper(name, scopes);
      if (wrapper instanceof MissingWrapper && code instanceof ValueCode) {
        throw new MissingParameterException(name);
      }
      return wrapper;
    }
  }
}
