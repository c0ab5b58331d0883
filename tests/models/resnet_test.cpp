// The layers of BiT ResNets against their definitions, and the networks where reference files do
// not reach: odd sizes, heads left out, taps, settings that clash.
#include "vit/core/error.hpp"

#include "models/families.hpp"
#include "models/golden_model.hpp"
#include "models/layers/patch_embed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vit::test {
namespace {

const ConvStyle kV1(ResNetUnit::kPostActivation, Numerics::kTimm);
const ConvStyle kV2(ResNetUnit::kPreActivation, Numerics::kTimm);

// What TF and JAX pad: enough for ceil(size / stride) windows, the odd pixel behind.
std::pair<int64_t, int64_t> same_padding(int64_t size, int64_t kernel, int64_t stride) {
  int64_t total = 0;
  while ((size + total - kernel) / stride + 1 < (size + stride - 1) / stride ||
         size + total < kernel)
    ++total;
  return {total / 2, total - total / 2};
}

at::Tensor padded_same(const at::Tensor& x, int64_t kernel, int64_t stride, double value = 0) {
  const auto [top, bottom] = same_padding(x.size(2), kernel, stride);
  const auto [left, right] = same_padding(x.size(3), kernel, stride);
  return at::constant_pad_nd(x, {left, right, top, bottom}, value);
}

// In float64, by the book.
at::Tensor standardised(const at::Tensor& weight, const ConvStyle& style) {
  const at::Tensor w = weight.detach().to(at::kDouble).flatten(1);
  const at::Tensor mean = w.mean(1, true), var = (w - mean).square().mean(1, true);
  const at::Tensor scale = style.weight_eps_place == ConvStyle::EpsPlace::kUnderRoot
                               ? at::sqrt(var + style.weight_eps)
                               : at::sqrt(var) + style.weight_eps;
  return ((w - mean) / scale).view_as(weight);
}

TEST(SamePadding, OfTheNetworksAt224) {
  EXPECT_EQ(same_padding(224, 7, 2), (std::pair<int64_t, int64_t>{2, 3}));
  EXPECT_EQ(same_padding(112, 3, 2), (std::pair<int64_t, int64_t>{0, 1}));
  EXPECT_EQ(same_padding(25, 3, 2), (std::pair<int64_t, int64_t>{1, 1}));
  EXPECT_EQ(same_padding(56, 1, 2), (std::pair<int64_t, int64_t>{0, 0}));
}

constexpr Extent kSizes[] = {{16, 16}, {15, 15}, {16, 13}, {7, 10}, {2, 3}, {1, 1}};

TEST(StdConv, PadsAndStandardises) {
  for (const ConvStyle& style : {kV1, ConvStyle(ResNetUnit::kPostActivation, Numerics::kJax), kV2,
                                 ConvStyle(ResNetUnit::kPreActivation, Numerics::kJax)}) {
    for (const Extent size : kSizes) {
      for (const auto& [kernel, stride] : {std::pair{7, 2}, {3, 1}, {3, 2}, {1, 1}, {1, 2}}) {
        SCOPED_TRACE(to_string(size) + " kernel " + std::to_string(kernel) + " stride " +
                     std::to_string(stride));
        ParameterList list;
        const StdConv conv(Scope(list), {.in = 4, .out = 6, .kernel = kernel, .stride = stride},
                           style);
        const at::Tensor& parameter = list.parameters.at(0).tensor;
        {
          const NoGrad no_gradients;
          parameter.mul_(1e-2).add_(0.01);  // where mean and eps count
        }
        const at::Tensor x = at::randn({2, 4, size.height, size.width});
        const at::Tensor weight = standardised(parameter, style).to(at::kFloat);
        const at::Tensor expected =
            style.padding == Padding::kSame
                ? at::conv2d(padded_same(x, kernel, stride), weight, {}, stride)
                : at::conv2d(x, weight, {}, stride, (kernel - 1) / 2);
        const at::Tensor got = conv(x);
        ASSERT_EQ(got.sizes(), expected.sizes());
        EXPECT_LE(distance(got, expected), 1e-6 + 1e-5 * max_abs(expected));
        EXPECT_EQ((Extent{got.size(2), got.size(3)}), conv.output(size));
        EXPECT_EQ(conv.macs(size).all, 4.0 * 6 * kernel * kernel * got.size(2) * got.size(3));
      }
    }
  }
}

// The three published forms differ most for small weights.
TEST(ConvStyle, HasTheConstantsOfEachImplementation) {
  using Place = ConvStyle::EpsPlace;
  EXPECT_EQ(kV1.weight_eps, 1e-8);
  EXPECT_EQ(kV1.weight_eps_place, Place::kUnderRoot);
  EXPECT_EQ(kV1.norm_eps, 1e-5);
  EXPECT_EQ(kV1.padding, Padding::kSame);
  EXPECT_EQ(kV2.weight_eps, 1e-8);
  EXPECT_EQ(kV2.norm_eps, 1e-5);
  EXPECT_EQ(kV2.padding, Padding::kFixed);
  const ConvStyle v1(ResNetUnit::kPostActivation, Numerics::kJax);
  EXPECT_EQ(v1.weight_eps, 1e-5);
  EXPECT_EQ(v1.weight_eps_place, Place::kBesideRoot);
  EXPECT_EQ(v1.norm_eps, 1e-6);
  const ConvStyle v2(ResNetUnit::kPreActivation, Numerics::kJax);
  EXPECT_EQ(v2.weight_eps, 1e-10);
  EXPECT_EQ(v2.weight_eps_place, Place::kUnderRoot);
  EXPECT_EQ(v2.norm_eps, 1e-5);
}

// All alike, so nothing is left of them: no infinities, also in the gradient.
TEST(StdConv, SurvivesConstantKernels) {
  for (const Numerics numerics : {Numerics::kTimm, Numerics::kJax}) {
    ParameterList list;
    const StdConv conv(Scope(list), {.in = 2, .out = 2, .kernel = 3, .stride = 1},
                       ConvStyle(ResNetUnit::kPostActivation, numerics));
    const at::Tensor& parameter = list.parameters.at(0).tensor;
    parameter.detach().fill_(0.25);
    const at::Tensor y = conv(at::randn({1, 2, 5, 5}));
    EXPECT_LE(max_abs(y), 1e-3);
    y.sum().backward();
    EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>());
  }
}

// Under autocast the weights are standardised before they are rounded: a mean 1000 times their
// deviation would leave nothing of them in bfloat16.
TEST(StdConv, StandardisesInFullPrecision) {
  for (const ConvStyle& style : {kV1, ConvStyle(ResNetUnit::kPostActivation, Numerics::kJax)}) {
    ParameterList list;
    const StdConv conv(Scope(list), {.in = 8, .out = 8, .kernel = 3, .stride = 1}, style);
    {
      const NoGrad no_gradients;
      list.parameters.at(0).tensor.mul_(0.01).add_(1);
    }
    const at::Tensor x = at::randn({1, 8, 6, 6}), exact = conv(x);
    const AutocastGuard autocast(at::kCPU, Precision::kBf16);
    const at::Tensor rounded = conv(x);
    EXPECT_EQ(rounded.scalar_type(), at::kBFloat16);
    EXPECT_LE(distance(rounded.to(at::kFloat), exact.detach()), 0.02 * max_abs(exact));
  }
}

// At a variance as small as the eps: behind standardised weights it hardly shows, reference
// networks cannot tell 1e-6 from 1e-5.
TEST(GroupNorm, NormalisesGroupsOfChannels) {
  for (const double eps : {1e-5, 1e-6}) {
    ParameterList list;
    const GroupNorm norm(Scope(list), 64, eps);
    {
      const NoGrad no_gradients;
      for (const auto& [name, tensor] : list.parameters) tensor.normal_();
    }
    const at::Tensor x = at::randn({2, 64, 3, 5}) * 2e-3 + 0.01;
    const at::Tensor groups = x.to(at::kDouble).reshape({2, 32, 2 * 3 * 5});
    const at::Tensor mean = groups.mean(2, true), var = (groups - mean).square().mean(2, true);
    const at::Tensor unit = ((groups - mean) / at::sqrt(var + eps)).reshape({2, 64, 3, 5});
    const at::Tensor expected =
        unit * find_tensor(list.parameters, "weight")->detach().view({64, 1, 1}) +
        find_tensor(list.parameters, "bias")->detach().view({64, 1, 1});
    EXPECT_LE(distance(norm(x), expected), 1e-5) << eps;
  }
}

TEST(MaxPool, NothingLiesOutsideSame) {
  for (const Extent size : kSizes) {
    const at::Tensor x = at::randn({2, 3, size.height, size.width}) - 10;
    const at::Tensor expected = at::max_pool2d(padded_same(x, 3, 2, -INFINITY), 3, 2);
    const at::Tensor got = max_pool(x, Padding::kSame);
    ASSERT_EQ(got.sizes(), expected.sizes()) << to_string(size);
    EXPECT_EQ(distance(got, expected), 0) << to_string(size);
  }
}

TEST(MaxPool, ZerosLieOutsideFixed) {
  const at::Tensor x = at::full({1, 1, 6, 6}, -5.0);
  const at::Tensor y = max_pool(x, Padding::kFixed)[0][0];
  ASSERT_EQ(y.sizes(), at::IntArrayRef({3, 3}));
  EXPECT_EQ(max_abs(y[0]), 0);
  EXPECT_EQ(max_abs(y.select(1, 0)), 0);
  EXPECT_TRUE((y.slice(0, 1).slice(1, 1) == -5).all().item<bool>());
}

ResNetConfig tiny(ResNetUnit unit) {
  return {.image = {34, 47}, .layers = {1, 2}, .width = 0.5, .unit = unit, .head_zero_init = false};
}

TEST(ResNet, ShowsItsStages) {
  for (const ResNetUnit unit : {ResNetUnit::kPreActivation, ResNetUnit::kPostActivation}) {
    const auto model = build_resnet(tiny(unit), {.classes = 5, .channels = 2});
    KeepTaps taps;
    const at::Tensor logits = model->forward(at::randn({3, 2, 34, 47}), Mode::kEval, &taps);
    EXPECT_EQ(logits.sizes(), at::IntArrayRef({3, 5}));
    EXPECT_EQ(taps.values.at("stem").sizes(), at::IntArrayRef({3, 32, 9, 12}));
    EXPECT_EQ(taps.values.at("stage0").sizes(), at::IntArrayRef({3, 128, 9, 12}));
    EXPECT_EQ(taps.values.at("stage1").sizes(), at::IntArrayRef({3, 256, 5, 6}));
    EXPECT_EQ(taps.values.at("pooled").sizes(), at::IntArrayRef({3, 256}));
    EXPECT_EQ(taps.values.size(), 4u);
  }
}

TEST(ResNet, WithoutClassesReturnsPooledFeatures) {
  for (const ResNetUnit unit : {ResNetUnit::kPreActivation, ResNetUnit::kPostActivation}) {
    const auto model = build_resnet(tiny(unit), {.classes = 0});
    KeepTaps taps;
    const at::Tensor features = model->forward(at::randn({2, 3, 34, 47}), Mode::kEval, &taps);
    EXPECT_EQ(features.sizes(), at::IntArrayRef({2, 256}));
    EXPECT_EQ(distance(features, taps.values.at("pooled")), 0);
    for (const auto& [name, tensor] : model->parameters()) EXPECT_FALSE(name.starts_with("head"));
  }
}

// A shift of the weights of a convolution changes nothing: they are standardised.
TEST(ResNet, IgnoresScaleAndMeanOfItsKernels) {
  const auto model = build_resnet(tiny(ResNetUnit::kPreActivation), {.classes = 5});
  const at::Tensor images = at::randn({2, 3, 34, 47});
  const NoGrad no_gradients;
  const at::Tensor before = model->forward(images, Mode::kEval);
  for (const auto& [name, tensor] : model->parameters()) {
    if (name.ends_with("conv2.weight")) tensor.mul_(3).add_(0.5);
  }
  EXPECT_LE(distance(model->forward(images, Mode::kEval), before), 1e-3);
}

TEST(Hybrid, GridIsThatOfTheTrunk) {
  const std::vector<int64_t> layouts[] = {{}, {1}, {1, 1, 1}};
  for (const Extent image : {Extent{64, 64}, Extent{50, 67}, Extent{33, 40}}) {
    for (const auto& layers : layouts) {
      for (const Extent patch : {square(1), Extent{2, 3}}) {
        const VitConfig config{.image = image,
                               .patch = patch,
                               .width = 16,
                               .depth = 1,
                               .heads = 2,
                               .trunk = TrunkConfig{.layers = layers, .width = 0.5}};
        ParameterList list;
        const PatchEmbed embed(Scope(list), {.channels = 3,
                                             .image = image,
                                             .patch = patch,
                                             .width = 16,
                                             .trunk = config.trunk,
                                             .numerics = Numerics::kTimm});
        EXPECT_EQ(embed.grid(), config.grid()) << to_string(image);
        KeepTaps taps;
        const at::Tensor tokens = embed(at::randn({2, 3, image.height, image.width}), &taps);
        EXPECT_EQ(tokens.sizes(), at::IntArrayRef({2, config.grid().area(), 16}));
        const at::Tensor& trunk = taps.values.at("trunk");
        EXPECT_EQ((Extent{trunk.size(2), trunk.size(3)}), config.features()) << to_string(image);
      }
    }
  }
}

std::string problems_of(const std::string& name, auto&& change) {
  auto section = Models::catalog().make(name);
  change(section);
  config::Problems problems;
  if (const auto* bit = section.template mutate<ResNetConfig>()) bit->check(problems);
  if (const auto* vit = section.template mutate<VitConfig>()) vit->check(problems);
  return problems.empty() ? "" : problems.text();
}

TEST(ResNetConfig, RefusesWhatDoesNotFit) {
  using testing::HasSubstr;
  const auto with = [](auto member, auto value) {
    return [=](auto& section) { section.template mutate<ResNetConfig>()->*member = value; };
  };
  EXPECT_EQ(problems_of("bit", [](auto&) {}), "");
  EXPECT_EQ(problems_of("bit", with(&ResNetConfig::width, 0.5)), "");
  EXPECT_THAT(problems_of("bit", with(&ResNetConfig::width, 0.75)),
              HasSubstr("width: must make the stem's 64 channels a multiple of 32"));
  EXPECT_THAT(
      problems_of("bit", with(&ResNetConfig::channels, std::vector<int64_t>{256, 512, 1000, 2048})),
      HasSubstr("channels: times the width must be multiples of 128"));
  EXPECT_THAT(problems_of("bit", with(&ResNetConfig::channels, std::vector<int64_t>{256})),
              HasSubstr("channels: must have an entry for each of the 4 stages"));
  EXPECT_EQ(problems_of("bit", with(&ResNetConfig::layers, std::vector<int64_t>{1})), "");
  EXPECT_THAT(problems_of("bit", with(&ResNetConfig::image, Extent{224, 31})),
              HasSubstr("image: must not be smaller than the network's stride, 32"));
  EXPECT_THAT(
      problems_of("vit_r50_b16",
                  [](auto& section) { section.template mutate<VitConfig>()->trunk->width = 0.25; }),
      HasSubstr("trunk.width: must make the stem's 64 channels a multiple of 32"));
}

}  // namespace
}  // namespace vit::test
