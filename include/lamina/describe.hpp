// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <lamina/network.hpp>
#include <lamina/serialize/layer_description.hpp>

namespace lamina {

namespace detail {

/// The name of a type as the compiler writes it, without namespaces: for users' own layers.
template <class Type>
std::string compiler_name() {
  const std::string_view whole = __PRETTY_FUNCTION__;
  const std::size_t begin = whole.find("Type = ") + 7;
  const std::string_view name = whole.substr(begin, whole.find_first_of(";]", begin) - begin);
  const std::size_t qualified = name.substr(0, name.find('<')).rfind("::");
  return std::string(qualified == name.npos ? name : name.substr(qualified + 2));
}

inline std::string number_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

template <class Type>
struct written {
  static std::string text() {
    if constexpr (requires { Type::name; }) {
      return std::string(Type::name);
    } else {
      return compiler_name<Type>();
    }
  }
};

template <class... Types>
[[gnu::cold]] std::string join_texts(std::string first) {
  ((first += (first.empty() ? "" : ", ") + written<Types>::text()), ...);
  return first;
}

template <int... Extents>
struct written<shape<Extents...>> {
  static std::string text() {
    std::string all;
    ((all += (all.empty() ? "" : ", ") + std::to_string(Extents)), ...);
    return all;
  }
};

template <int... Extents>
struct written<input<Extents...>> {
  static std::string text() { return "input<" + written<shape<Extents...>>::text() + ">"; }
};

template <auto Units>
struct written<layers::dense<Units>> {
  static std::string text() { return "dense<" + std::to_string(Units) + ">"; }
};

template <auto Height, auto Width>
struct written<layers::window<Height, Width>> {
  static std::string text() {
    return "window<" + std::to_string(Height) + ", " + std::to_string(Width) + ">";
  }
};

template <auto Height, auto Width>
struct written<layers::stride<Height, Width>> {
  static std::string text() {
    return Height == Width
               ? "stride<" + std::to_string(Height) + ">"
               : "stride<" + std::to_string(Height) + ", " + std::to_string(Width) + ">";
  }
};

template <auto Filters, class... Options>
struct written<layers::conv2d<Filters, Options...>> {
  static std::string text() {
    return "conv2d<" + join_texts<Options...>(std::to_string(Filters)) + ">";
  }
};

template <auto Window, class... Options>
struct written<layers::max_pool<Window, Options...>> {
  static std::string text() {
    return "max_pool<" + join_texts<Options...>(std::to_string(Window)) + ">";
  }
};

template <auto Window, class... Options>
struct written<layers::average_pool<Window, Options...>> {
  static std::string text() {
    return "average_pool<" + join_texts<Options...>(std::to_string(Window)) + ">";
  }
};

template <auto Value>
struct written<layers::momentum<Value>> {
  static std::string text() { return "momentum<" + number_text(Value) + ">"; }
};

template <auto Value>
struct written<layers::epsilon<Value>> {
  static std::string text() { return "epsilon<" + number_text(Value) + ">"; }
};

template <class... Options>
struct written<layers::batch_norm<Options...>> {
  static std::string text() { return "batch_norm<" + join_texts<Options...>("") + ">"; }
};

template <auto Rate>
struct written<layers::dropout<Rate>> {
  static std::string text() { return "dropout<" + number_text(Rate) + ">"; }
};

template <auto Slope>
struct written<layers::leaky_relu<Slope>> {
  static std::string text() { return "leaky_relu<" + number_text(Slope) + ">"; }
};

template <>
struct written<layers::fork> {
  static std::string text() { return "residual begins"; }
};

template <class Block>
struct written<layers::join<Block>> {
  static std::string text() { return "residual ends"; }
};

template <class... Layers>
struct written<fused<Layers...>> {
  static std::string text() {
    std::string all;
    ((all.append(all.empty() ? "" : " + ").append(written<Layers>::text())), ...);
    return all;
  }
};

template <int... Path>
std::string position_text(at_layer<Path...>) {
  std::string all;
  ((all.append(all.empty() ? "" : ".").append(std::to_string(Path))), ...);
  return all;
}

template <class Located>
layer_description describe_located() {
  std::size_t parameters = 0;
  for (const parameter& tensor : parameters_of<Located>()) parameters += tensor.size();
  return {position_text(typename Located::at{}), written<typename Located::layer>::text(),
          written<typename Located::out>::text(), parameters,
          static_cast<std::size_t>(multiply_adds_of<Located>())};
}

template <class Shape, class... Located>
[[gnu::cold]] std::vector<layer_description> describe_all(list<Located...>) {
  std::string in = written<Shape>::text();
  std::vector<layer_description> all{{"0", "input<" + in + ">", in, 0, 0}};
  (all.push_back(describe_located<Located>()), ...);
  return all;
}

template <class... Steps>
std::vector<std::string> describe_steps(steps<Steps...>) {
  return {written<Steps>::text()...};
}

}  // namespace detail

/// The layers of a network as values, `input` first, blocks replaced by their layers.
template <a_network Net>
std::vector<layer_description> describe() {
  return detail::describe_all<typename Net::input_shape>(typename Net::located_layers{});
}

/// One text a step, "conv2d<75, window<3, 3>, same> + relu": of `Net::training_steps` or
/// `Net::inference_steps`.
template <class... Steps>
std::vector<std::string> describe(steps<Steps...> of) {
  return detail::describe_steps(of);
}

}  // namespace lamina
