// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <lamina/network.hpp>
#include <lamina/serialize/layer_description.hpp>
#include <lamina/text.hpp>

namespace lamina {

namespace detail {

/// The name of a type as the compiler writes it, without namespaces: for users' own layers.
template <class Type>
constexpr std::string_view compiler_name() {
  const std::string_view whole = __PRETTY_FUNCTION__;
  const std::size_t begin = whole.find("Type = ") + 7;
  const std::string_view name = whole.substr(begin, whole.find_first_of(";]", begin) - begin);
  const std::size_t qualified = name.substr(0, name.find('<')).rfind("::");
  return qualified == name.npos ? name : name.substr(qualified + 2);
}

/// "dropout<0.2>"
inline void append_value(std::string& to, std::string_view name, double value) {
  char digits[32];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  append(to, name, std::string_view{digits, end}, '>');
}

/// How a type of the language is written, appended to a text.
template <class Type>
struct written {
  static void to(std::string& text) {
    if constexpr (requires { Type::name; }) {
      append(text, Type::name);
    } else {
      constexpr std::string_view name = compiler_name<Type>();
      append(text, name);
    }
  }
};

/// The text of one type.
template <class Type>
std::string text_of() {
  std::string text;
  written<Type>::to(text);
  return text;
}

/// "same, stride<2>"
template <class... Types>
void append_all(std::string& text, [[maybe_unused]] std::string_view separator) {
  [[maybe_unused]] std::string_view between;
  ((append(text, between), written<Types>::to(text), between = separator), ...);
}

/// `direct` is left out: it says how a layer is computed, not what.
template <class Option>
void append_option(std::string& text) {
  if constexpr (!std::is_same_v<Option, direct>) {
    append(text, ", ");
    written<Option>::to(text);
  }
}

/// ", same, stride<2>": what follows the first argument of a layer.
template <class... Options>
void append_options(std::string& text) {
  (append_option<Options>(text), ...);
}

template <int... Extents>
struct written<shape<Extents...>> {
  static void to(std::string& text) {
    [[maybe_unused]] std::string_view between;
    ((append(text, between, Extents), between = ", "), ...);
  }
};

template <int... Extents>
struct written<input<Extents...>> {
  static void to(std::string& text) {
    append(text, "input<");
    written<shape<Extents...>>::to(text);
    append(text, '>');
  }
};

template <auto Units>
struct written<layers::dense<Units>> {
  static void to(std::string& text) { append(text, "dense<", Units, '>'); }
};

template <auto Height, auto Width>
struct written<layers::window<Height, Width>> {
  static void to(std::string& text) { append(text, "window<", Height, ", ", Width, '>'); }
};

template <auto Height, auto Width>
struct written<layers::stride<Height, Width>> {
  static void to(std::string& text) {
    append(text, "stride<", Height);
    if (Height != Width) append(text, ", ", Width);
    append(text, '>');
  }
};

template <auto Filters, class... Options>
struct written<layers::conv2d<Filters, Options...>> {
  static void to(std::string& text) {
    append(text, "conv2d<", Filters);
    append_options<Options...>(text);
    append(text, '>');
  }
};

template <auto Window, class... Options>
struct written<layers::max_pool<Window, Options...>> {
  static void to(std::string& text) {
    append(text, "max_pool<", Window);
    append_options<Options...>(text);
    append(text, '>');
  }
};

template <auto Window, class... Options>
struct written<layers::average_pool<Window, Options...>> {
  static void to(std::string& text) {
    append(text, "average_pool<", Window);
    append_options<Options...>(text);
    append(text, '>');
  }
};

template <auto Value>
struct written<layers::momentum<Value>> {
  static void to(std::string& text) { append_value(text, "momentum<", Value); }
};

template <auto Value>
struct written<layers::epsilon<Value>> {
  static void to(std::string& text) { append_value(text, "epsilon<", Value); }
};

template <class... Options>
struct written<layers::batch_norm<Options...>> {
  static void to(std::string& text) {
    append(text, "batch_norm<");
    append_all<Options...>(text, ", ");
    append(text, '>');
  }
};

template <auto Rate>
struct written<layers::dropout<Rate>> {
  static void to(std::string& text) { append_value(text, "dropout<", Rate); }
};

template <auto Slope>
struct written<layers::leaky_relu<Slope>> {
  static void to(std::string& text) { append_value(text, "leaky_relu<", Slope); }
};

template <>
struct written<layers::fork> {
  static void to(std::string& text) { append(text, "residual begins"); }
};

template <class Block>
struct written<layers::join<Block>> {
  static void to(std::string& text) { append(text, "residual ends"); }
};

template <class... Layers>
struct written<fused<Layers...>> {
  static void to(std::string& text) { append_all<Layers...>(text, " + "); }
};

/// The path of a layer, "4.2", appended to a text.
template <int... Path>
void append_position(std::string& text, at_layer<Path...>) {
  [[maybe_unused]] std::string_view between;
  ((append(text, between, Path), between = "."), ...);
}

template <class Located>
void describe_located(layer_description& as) {
  append_position(as.position, typename Located::at{});
  written<typename Located::layer>::to(as.layer);
  written<typename Located::out>::to(as.output);
  constexpr auto parameters = count_parameters(list<Located>{}, false);
  as.parameters = static_cast<std::size_t>(parameters);
  as.multiply_adds = static_cast<std::size_t>(multiply_adds_of<Located>());
}

template <class Shape, class... Located>
std::vector<layer_description> describe_all(list<Located...>) {
  std::vector<layer_description> all(1 + sizeof...(Located));
  layer_description* next = all.data();
  next->position = "0";
  written<Shape>::to(next->output);
  append(next->layer, "input<", next->output, '>');
  (describe_located<Located>(*++next), ...);
  return all;
}

template <class... Steps>
std::vector<std::string> describe_steps(steps<Steps...>) {
  return {text_of<Steps>()...};
}

}  // namespace detail

/// The layers of a network as values, `input` first, blocks replaced by their layers.
template <a_network Net>
std::vector<layer_description> describe() {
  return detail::describe_all<typename Net::input_shape>(typename Net::located_layers{});
}

/// The positions of the convolutions that run by Winograd's algorithm, for batches of more than 12
/// images; in predictions one that is joined by a pool only where that pool is two rows high.
template <a_network Net>
std::vector<std::string> winograd_layers() {
  std::vector<std::string> all;
  [&]<class... Located>(detail::list<Located...>) {
    ((detail::takes_winograd<Located>()
          ? detail::append_position(all.emplace_back(), typename Located::at{})
          : void()),
     ...);
  }(typename Net::located_layers{});
  return all;
}

/// One text a step, "conv2d<75, window<3, 3>, same> + relu": of `Net::training_steps` or
/// `Net::inference_steps`.
template <class... Steps>
std::vector<std::string> describe(steps<Steps...> of) {
  return detail::describe_steps(of);
}

}  // namespace lamina
